//! The causal graph: causes above their effects, operations cut what leads into a node.

use bevy_egui::egui::{
    Align2, Color32, CornerRadius, FontId, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, WidgetType, pos2, vec2,
};

use crate::causal::{Action, NodeId, Role};
use crate::lab::paint::{note, tag};
use crate::lab::session::{Command, View, changed_factors};
use crate::lab::tokens::{self, Palette};
use crate::scene::Stage;

/// See the module.
#[derive(Default)]
pub struct GraphPanel {
    chosen: Option<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Confounder,
    Factor(Role),
    Label,
    Modality,
}

/// A node with its place in the drawing: layer from the top, position in the layer.
#[derive(Clone, Debug, PartialEq)]
struct Vertex {
    name: String,
    kind: Kind,
    node: Option<NodeId>,
    parents: Vec<usize>,
    layer: usize,
}

impl GraphPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, view: &View, out: &mut Vec<Command>) {
        let palette = tokens::palette(ui);
        legend(ui, &palette);
        let vertices = vertices(&view.scene.stage);
        let layers = vertices.iter().map(|v| v.layer + 1).max().unwrap_or(1);
        let detail = 74.0;
        let size =
            vec2(ui.available_width(), (ui.available_height() - detail).max(layers as f32 * 46.0));
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let places = places(&vertices, layers, rect);
        let cut = |v: &Vertex| {
            v.node
                .and_then(|node| view.held.on(node))
                .is_some_and(|a| matches!(a, Action::Set(_) | Action::Follow(_)))
        };
        for (vertex, place) in vertices.iter().zip(&places) {
            for &parent in &vertex.parents {
                let from = &vertices[parent];
                let stroke = edge(from, vertex, self.chosen.as_deref(), &palette);
                arrow(
                    ui,
                    places[parent],
                    *place,
                    stroke,
                    from.kind == Kind::Confounder,
                    cut(vertex),
                    palette.twin,
                );
            }
        }
        let changed = changed_factors(view, view.selected);
        for (vertex, place) in vertices.iter().zip(&places) {
            let factor = view.scene.stage.factors.iter().position(|f| f.name == vertex.name);
            let moved = factor.is_some_and(|i| changed.contains(&i));
            let chosen = self.chosen.as_deref() == Some(&vertex.name);
            if draw(ui, view, vertex, *place, rect, (chosen, moved), &palette) {
                self.chosen = Some(vertex.name.clone());
            }
        }
        self.detail(ui, view, &vertices, out);
    }

    /// What there is to say of the chosen node.
    fn detail(&self, ui: &mut Ui, view: &View, vertices: &[Vertex], out: &mut Vec<Command>) {
        let chosen = vertices.iter().find(|v| Some(&v.name) == self.chosen.as_ref());
        let Some(vertex) = chosen else {
            note(ui, "Click a node to see what it is and to hold it.");
            return;
        };
        let stage = &view.scene.stage;
        let parents: Vec<&str> =
            vertex.parents.iter().map(|&i| vertices[i].name.as_str()).collect();
        let from = if parents.is_empty() { "nothing".to_owned() } else { parents.join(", ") };
        ui.horizontal_wrapped(|ui| {
            ui.strong(&vertex.name);
            ui.label(match vertex.kind {
                Kind::Confounder => "hidden common cause".to_owned(),
                Kind::Factor(role) => role.description().to_owned(),
                Kind::Label => "label".to_owned(),
                Kind::Modality => "modality".to_owned(),
            });
            ui.weak(format!("follows from {from}"));
        });
        let Some(node) = vertex.node else { return };
        ui.horizontal_wrapped(|ui| {
            if let Some(size) = stage.scm().domain(node).size() {
                for value in 0..size {
                    let line = format!("{}={value}", vertex.name);
                    if ui.button(format!("do {line}")).clicked() {
                        out.push(Command::Do(line));
                    }
                }
            }
            if view.held.on(node).is_some() && ui.button("undo").clicked() {
                out.push(Command::UndoNode(node));
            }
        });
    }
}

fn legend(ui: &mut Ui, palette: &Palette) {
    ui.horizontal_wrapped(|ui| {
        tag(ui, "cause", palette.cause);
        tag(ui, "spurious", palette.spurious);
        tag(ui, "nuisance", palette.nuisance);
        tag(ui, "confounder (dashed)", palette.confounder);
        tag(ui, "label", palette.label);
        tag(ui, "modality", palette.weak);
        tag(ui, "cut or changed by do", palette.twin);
    });
}

/// All nodes, causes before effects, then modalities. Layers are counted from causes; what no
/// layer needs higher stands just above its effects.
fn vertices(stage: &Stage) -> Vec<Vertex> {
    let scm = stage.scm();
    let order: Vec<NodeId> = scm.in_causal_order().map(|(node, _)| node).collect();
    let at = |node: NodeId| order.iter().position(|&n| n == node);
    let mut all: Vec<Vertex> = Vec::new();
    for &node in &order {
        let name = scm.name(node).to_owned();
        let kind = if node == stage.label {
            Kind::Label
        } else {
            stage.factor(&name).map_or(Kind::Confounder, |f| Kind::Factor(f.role))
        };
        let parents: Vec<usize> = scm
            .law(node)
            .map(|law| law.parents().iter().filter_map(|&p| at(p)).collect())
            .unwrap_or_default();
        let above = parents.iter().map(|&p| all[p].layer + 1).max();
        let layer = above.unwrap_or(usize::from(kind != Kind::Confounder));
        all.push(Vertex { name, kind, node: Some(node), parents, layer });
    }
    let renderers = &stage.renderers;
    let mut shown: Vec<(String, Vec<usize>)> = Vec::new();
    if let Some(image) = &renderers.image {
        shown.push(("image".to_owned(), image.shows().to_vec()));
    }
    if let Some(sound) = &renderers.sound {
        shown.push(("audio".to_owned(), sound.shows().to_vec()));
    }
    if let Some(text) = &renderers.text {
        shown.push(("text".to_owned(), text.shows().to_vec()));
    }
    for vector in renderers.vectors.plans() {
        shown.push((vector.name().to_owned(), vector.shows().to_vec()));
    }
    let last = all.iter().map(|v| v.layer).max().unwrap_or(0) + 1;
    for (name, factors) in shown {
        let mut parents: Vec<usize> =
            factors.iter().filter_map(|&f| at(stage.factors.get(f)?.node)).collect();
        parents.sort_unstable();
        parents.dedup();
        all.push(Vertex { name, kind: Kind::Modality, node: None, parents, layer: last });
    }
    all
}

/// The middle of every node. A crowded layer is laid out in two lines.
fn places(vertices: &[Vertex], layers: usize, rect: Rect) -> Vec<Pos2> {
    let mut places = vec![rect.center(); vertices.len()];
    let height = rect.height() / layers as f32;
    for layer in 0..layers {
        let mut members: Vec<usize> =
            (0..vertices.len()).filter(|&i| vertices[i].layer == layer).collect();
        // Nuisances stand at the edge, out of the way of the story.
        members.sort_by_key(|&i| matches!(vertices[i].kind, Kind::Factor(Role::Nuisance)));
        let fit = ((rect.width() / 86.0) as usize).max(1);
        let lines = members.len().div_ceil(fit).max(1);
        let across = members.len().div_ceil(lines).max(1);
        for (place, &i) in members.iter().enumerate() {
            let (line, column) = (place / across, place % across);
            let in_line = across.min(members.len() - line * across);
            let x = rect.left() + rect.width() * (column as f32 + 0.5) / in_line as f32;
            let step = (height / lines as f32).min(34.0);
            let y = rect.top()
                + height * (layer as f32 + 0.5)
                + step * (line as f32 - (lines as f32 - 1.0) / 2.0);
            places[i] = pos2(x, y);
        }
    }
    places
}

fn edge(from: &Vertex, to: &Vertex, chosen: Option<&str>, palette: &Palette) -> Stroke {
    let lit = chosen.is_some_and(|name| name == from.name || name == to.name);
    let colour = match (from.kind, to.kind) {
        (Kind::Confounder, _) => palette.confounder,
        (_, Kind::Label) => palette.cause,
        _ => palette.weak.gamma_multiply(0.55),
    };
    let faint = to.kind == Kind::Modality && !lit;
    Stroke::new(
        if lit { 2.0 } else { 1.2 },
        if faint { colour.gamma_multiply(0.55) } else { colour },
    )
}

fn arrow(ui: &Ui, from: Pos2, to: Pos2, stroke: Stroke, dashed: bool, cut: bool, mark: Color32) {
    let painter = ui.painter();
    let way = to - from;
    if way.length() < 1.0 {
        return;
    }
    let along = way / way.length();
    let (start, tip) = (from + along * 14.0, to - along * 16.0);
    let stroke =
        if cut { Stroke::new(stroke.width, stroke.color.gamma_multiply(0.35)) } else { stroke };
    if dashed || cut {
        painter.extend(Shape::dashed_line(&[start, tip], stroke, 5.0, 4.0));
    } else {
        painter.line_segment([start, tip], stroke);
    }
    let side = along.rot90() * 3.5;
    let head = vec![tip, tip - along * 7.0 + side, tip - along * 7.0 - side];
    painter.add(Shape::convex_polygon(head, stroke.color, Stroke::NONE));
    if cut {
        let middle = start + (tip - start) * 0.6;
        let [a, b] = [along.rot90() + along, along.rot90() - along].map(|d| d * 5.0);
        for d in [a, b] {
            painter.line_segment([middle - d, middle + d], Stroke::new(2.0, mark));
        }
    }
}

/// Draws a node; true where it's clicked.
fn draw(
    ui: &Ui,
    view: &View,
    vertex: &Vertex,
    place: Pos2,
    bounds: Rect,
    (chosen, moved): (bool, bool),
    palette: &Palette,
) -> bool {
    let colour = match vertex.kind {
        Kind::Confounder => palette.confounder,
        Kind::Factor(role) => palette.role(role),
        Kind::Label => palette.label,
        Kind::Modality => palette.weak,
    };
    let held = vertex.node.is_some_and(|node| view.held.on(node).is_some());
    let painter = ui.painter();
    let text = match view.operations.iter().find(|line| held && line.starts_with(&vertex.name)) {
        Some(line) => line.clone(),
        None => vertex.name.clone(),
    };
    let galley =
        painter.layout_no_wrap(text, FontId::proportional(tokens::SMALL + 1.0), palette.text);
    let mut rect = Rect::from_center_size(place, galley.size() + vec2(14.0, 8.0));
    rect = rect.translate(vec2(
        (bounds.left() - rect.left()).max(0.0) - (rect.right() - bounds.right()).max(0.0),
        0.0,
    ));
    let response = ui.interact(rect, ui.id().with(("node", &vertex.name)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(WidgetType::Button, true, chosen, format!("node {}", vertex.name))
    });
    let fill = ui.visuals().panel_fill.lerp_to_gamma(colour, if chosen { 0.45 } else { 0.18 });
    let round = CornerRadius::same(if vertex.kind == Kind::Modality { 2 } else { 9 });
    painter.rect_filled(rect, round, fill);
    let line = if held || moved { palette.twin } else { colour };
    let stroke = Stroke::new(if held || moved || chosen { 2.0 } else { 1.2 }, line);
    if vertex.kind == Kind::Confounder && !held {
        let corners = [
            rect.left_top(),
            rect.right_top(),
            rect.right_bottom(),
            rect.left_bottom(),
            rect.left_top(),
        ];
        painter.extend(Shape::dashed_line(&corners, stroke, 4.0, 3.0));
    } else {
        painter.rect_stroke(rect, round, stroke, StrokeKind::Inside);
    }
    painter.galley(
        Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size()).min,
        galley,
        palette.text,
    );
    response.on_hover_text(format!("{}: click for more", vertex.name)).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_stand_below_their_causes_in_every_scene() {
        for scene in ["duck", "mediator", "anticausal", "two-confounders"] {
            let path = format!("scenes/{scene}.ron");
            let stage = crate::scene::load(std::path::Path::new(&path)).unwrap();
            let all = vertices(&stage);
            for vertex in &all {
                assert!(vertex.parents.iter().all(|&p| all[p].layer < vertex.layer), "{scene}");
            }
            let layers = all.iter().map(|v| v.layer + 1).max().unwrap();
            let rect = Rect::from_min_size(Pos2::ZERO, vec2(600.0, 400.0));
            let places = places(&all, layers, rect);
            for (i, a) in places.iter().enumerate() {
                assert!(rect.contains(*a));
                assert!(places[..i].iter().all(|b| a.distance(*b) > 20.0), "{scene}");
            }
        }
    }
}
